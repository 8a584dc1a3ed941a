import { init, jit, nn, numpy as np, hessian, jacfwd, jacrev, grad, linearize, jvp, vmap, type Array as T, tree } from "@jax-js/jax";
import { network, dataset, matrix } from "hessia";
import { random, uniform } from "./random.ts";
await init("wasm");
const sizes=[2,16,16,1], N=256;
const P=sizes.slice(1).reduce((s,u,i)=>s+u*(sizes[i]!+1),0);
const next=random(1);
const x=uniform("f64",N*2,next), y=uniform("f64",N,next), p=uniform("f64",P,next,.5);
for (const act of ["relu","tanh"]) {
const net=network({inputs:2,layers:[{units:16,activation:act as any},{units:16,activation:act as any},{units:1}],loss:"mse",dtype:"f64"});
net.setParameters(p);
const data=dataset(matrix(N,2,x),y);
const H=net.hessian(data).data; const G=net.gradient(data).gradient;
const err=(a:any,b:any)=>{let m=0,s=0;for(let i=0;i<b.length;i++){m=Math.max(m,Math.abs(a[i]-b[i]));s=Math.max(s,Math.abs(b[i]))}return (m/s).toExponential(1)+" len "+a.length};
const X=np.array(x).reshape([N,2]), Y=np.array(y).reshape([N,1]);
const mk=(cut:(f:any,o:number,e:number)=>any)=>(flat:T, X:T,Y:T)=>{
  let o=0; let h:any=X;
  for(let l=0;l<3;l++){const [i,u]=[sizes[l]!,sizes[l+1]!];
    const w=cut(flat,o,o+u*i).reshape([u,i]); o+=u*i;
    const b=cut(flat,o,o+u); o+=u;
    h=np.matmul(h,w.transpose()).add(b);
    if(l<2) h=act==="relu"?nn.relu(h):np.tanh(h);
  }
  flat.dispose();
  return np.square(h.sub(Y)).mean();
};
const slicing=mk((f,o,e)=>f.ref.slice([o,e]));
const sel=mk((f,o,e)=>{const s=new Float64Array((e-o)*P);for(let i=o;i<e;i++)s[(i-o)*P+i]=1;return np.matmul(np.array(s).reshape([e-o,P]),f.ref)});
for (const [n,loss] of [["slicing",slicing],["sel",sel]] as any) {
const on=(p:any)=>loss(p,X.ref,Y.ref);
const t=(name:string,f:()=>any,ref:any)=>{try{ for(let k=0;k<3;k++){const s=performance.now();const r=f();console.log(act,n,name,err(r,ref),(performance.now()-s).toFixed(0))}}catch(e){console.log(act,n,name,"ERR",(e as Error).message.slice(0,200))}};
t("grad",()=>grad(on)(np.array(p)).dataSync(),G);
const jg=jit(grad(on) as any) as any;
t("jit grad",()=>jg(np.array(p)).dataSync(),G);
t("hess",()=>(hessian(on) as any)(np.array(p)).dataSync(),H);
const jh=jit(hessian(on) as any) as any;
t("jit hess",()=>jh(np.array(p)).dataSync(),H);
const jhg=((p:any)=>jvp(grad(on) as any,[p],[np.array(new Float64Array(P).fill(0).map((_,i)=>+(i===3)))])[1]) as any;
t("jvp grad e3",()=>jhg(np.array(p)).dataSync(),H.subarray(3*P,4*P));
const jj=jit(jhg) as any;
t("jit jvp grad e3",()=>jj(np.array(p)).dataSync(),H.subarray(3*P,4*P));
}}
